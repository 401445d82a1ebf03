"""Compilers that stay: a small server of ours in the compiler's own language, in the isolation.

Starting a JVM costs forty times what a compilation in a running one does. What is compiled cannot
run there, so the answers can be trusted; what it can do is keep the compiler busy or bring it down.
A server that is over its processor seconds is ended, and one that died is started again.
"""

from whetstone.rewards.compilers.resident.pool import Resident

__all__ = ["Resident"]
