"""Runs programs that nobody has read against their tests, and says how each one ended."""

from whetstone.rewards.sandbox.packages import MissingPackageError, PackagesUnavailableError
from whetstone.rewards.sandbox.profile import Profile, SandboxUnavailableError
from whetstone.rewards.sandbox.sandbox import Sandbox
from whetstone.rewards.sandbox.scripts.job import ScriptJob
from whetstone.rewards.sandbox.scripts.tests import AnyTests, Case, StdioTests
from whetstone.rewards.sandbox.tier import Tier
from whetstone.rewards.sandbox.verdict import Job, Result, Verdict

__all__ = [
    "AnyTests",
    "Case",
    "Job",
    "MissingPackageError",
    "PackagesUnavailableError",
    "Profile",
    "Result",
    "Sandbox",
    "SandboxUnavailableError",
    "ScriptJob",
    "StdioTests",
    "Tier",
    "Verdict",
]
