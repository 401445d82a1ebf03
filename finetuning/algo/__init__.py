"""One file per algorithm: a builder, and a thin subclass of TRL's trainer where it needs one."""
