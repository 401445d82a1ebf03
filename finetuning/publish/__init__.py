"""Puts what a run has made on the Hub: checked, shown, and only then uploaded.

Nothing secret leaves the machine, and no model that the merge gate refused.
"""
