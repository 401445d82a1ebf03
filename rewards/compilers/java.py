"""Java, by javac in a JVM that stays: `javax.tools`, to the end of flow analysis."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from whetstone.rewards.compilers.base import CompileLimits, find, home_of, version_of
from whetstone.rewards.compilers.resident.pool import FOLDER, Resident
from whetstone.rewards.sandbox.compiled.step import Jailer

_JVM = ("-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xss16m")


class Java(Resident):
    """javac, without annotation processors and without a class path."""

    probe = "class Snippet { java.util.List<String> list; }"

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Mapping[str, Any]) -> None:
        super().__init__(jailer, limits)
        del harness  # it is all in the source
        remedy = "install a JDK: apt install default-jdk-headless"
        javac = find("javac", remedy)
        self.version = version_of(javac)
        # The runtime beside the compiler, whichever else comes first on the PATH.
        home = home_of(javac)
        settings = {str(path.resolve().parent) for path in Path(home, "conf").rglob("*.properties")}
        self.folders = (home, *sorted(settings))
        heap = f"-Xmx{limits.memory_mb}m"
        self.command = (f"{home}/bin/java", heap, *_JVM, "CompileServer.java")
        self.files = {"CompileServer.java": (FOLDER / "CompileServer.java").read_text()}
