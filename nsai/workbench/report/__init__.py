"""The report: run folders in, a static site out that needs no script and no network."""

from nsai.workbench.report.build import build_site as build_site

__all__ = ["build_site"]
