"""The side of the program, in its own process: nothing that is said here is proof."""
