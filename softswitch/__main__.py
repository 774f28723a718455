"""`python -m softswitch` is the `softswitch` command."""

from softswitch.cli.main import main

if __name__ == "__main__":
    main()
