"""Runs programs that nobody has read against their tests, and says how each one ended."""

from rewards.sandbox.profile import Profile, SandboxUnavailableError
from rewards.sandbox.sandbox import Sandbox
from rewards.sandbox.tier import Tier
from rewards.sandbox.verdict import Job, Result, Verdict

__all__ = ["Job", "Profile", "Result", "Sandbox", "SandboxUnavailableError", "Tier", "Verdict"]
