"""Every bound of the dialplan, with its reason."""

NUMBERS_REMEMBERED_MAX = 4096
"""Called numbers whose route is remembered: those of a call centre and its extensions, and half a megabyte."""

MENU_ROUNDS_MAX = 50
"""Questions of menus.toml a caller is asked in one call: who goes in circles for half an hour wants something else."""

MENU_STEPS_NOTED_MAX = 20
"""Of his way through them that his record keeps, the last ones."""

REPEATS_MAX = 20
"""Times one menu is repeated at the caller's wish; a key that is stuck would keep a line for hours."""
