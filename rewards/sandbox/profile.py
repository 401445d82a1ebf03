"""Which walls stand between a program and the machine, and what is lost without each.

A closed set of profiles, chosen by name: there is no switch per wall, and none that is weakened in
silence. Only user namespaces, which most containers refuse, are given up without being asked, and
then it is announced.
"""

from enum import StrEnum


class Layer(StrEnum):
    """One wall. The text is what is lost without it."""

    NAMESPACES = "namespaces"
    """Its own users, network, mounts, IPC, host name and process ids."""

    LANDLOCK = "landlock"
    """The kernel's own list of the files that a process may read."""

    SECCOMP = "seccomp"
    """The list of system calls that a process may make."""

    LIMITS = "limits"
    """Memory, processor seconds, descriptors, file size."""

    SEATBELT = "seatbelt"
    """macOS' sandbox, in place of the four above but the limits."""


class Profile(StrEnum):
    """A set of walls that is known to be worth something."""

    FULL = "full"
    """Namespaces, Landlock, seccomp and limits."""

    NO_NAMESPACES = "no-namespaces"
    """Landlock, seccomp and limits: what containers without user namespaces can have."""

    NO_LANDLOCK = "no-landlock"
    """Namespaces, seccomp and limits: for kernels before 5.13."""

    NO_SECCOMP = "no-seccomp"
    """Namespaces, Landlock and limits. Weak: programs can fork, signal one another and reach every
    hole of the kernel. Never chosen unless named."""

    SEATBELT = "seatbelt"
    """macOS. Written and not yet proven."""


LAYERS: dict[Profile, frozenset[Layer]] = {
    Profile.FULL: frozenset({Layer.NAMESPACES, Layer.LANDLOCK, Layer.SECCOMP, Layer.LIMITS}),
    Profile.NO_NAMESPACES: frozenset({Layer.LANDLOCK, Layer.SECCOMP, Layer.LIMITS}),
    Profile.NO_LANDLOCK: frozenset({Layer.NAMESPACES, Layer.SECCOMP, Layer.LIMITS}),
    Profile.NO_SECCOMP: frozenset({Layer.NAMESPACES, Layer.LANDLOCK, Layer.LIMITS}),
    Profile.SEATBELT: frozenset({Layer.SEATBELT, Layer.LIMITS}),
}

_LOST = {
    Layer.NAMESPACES: "programs see which files exist and share the network stack and process ids"
    " of this machine; seccomp and Landlock still keep them from using either",
    Layer.LANDLOCK: "programs can read what is mounted in their root",
    Layer.SECCOMP: "programs can start processes, signal one another and attack the kernel",
    Layer.LIMITS: "programs can take all memory and processor time of this machine",
    Layer.SEATBELT: "programs can read, write and connect like you",
}
_REMEDY = {
    Layer.NAMESPACES: "Sandbox(profile=Profile.NO_NAMESPACES)",
    Layer.LANDLOCK: "Sandbox(profile=Profile.NO_LANDLOCK)",
    Layer.SECCOMP: "Sandbox(profile=Profile.NO_SECCOMP)",
}


class SandboxUnavailableError(RuntimeError):
    """A wall of the chosen profile cannot be raised here, so nothing runs.

    `layer` names it. The message says what is lost without it and which setting accepts that.
    """

    def __init__(self, layer: Layer, reason: str) -> None:
        self.layer = layer
        remedy = _REMEDY.get(layer)
        accept = f"{remedy} accepts that" if remedy else "no profile accepts that"
        super().__init__(
            f"the sandbox has no {layer} here ({reason}). Without: {_LOST[layer]}. {accept}."
        )
