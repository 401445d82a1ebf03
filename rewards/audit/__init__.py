"""Attacks a reward before a policy does: an exploit suite, and eyes on the host."""

from whetstone.rewards.audit.attack import Attack, Family
from whetstone.rewards.audit.audit import AuditReport, Finding, run_audit
from whetstone.rewards.audit.table import render

__all__ = ["Attack", "AuditReport", "Family", "Finding", "render", "run_audit"]
