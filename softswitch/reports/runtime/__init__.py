"""Where facts come from: the store, and the files beside it in which facts of the past are kept ready."""
