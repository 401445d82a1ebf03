"""Attacks a reward before a policy does: an exploit suite, and eyes on the host."""

from rewards.audit.attack import Attack, Family
from rewards.audit.audit import AuditReport, Finding, run_audit
from rewards.audit.table import render

__all__ = ["Attack", "AuditReport", "Family", "Finding", "render", "run_audit"]
