"""Who hears whom, and how loud."""
