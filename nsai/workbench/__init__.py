"""Experiments to runs to reports: claims, figures, planning, execution and the site."""

from nsai.workbench.checkpoints import checkpoint as checkpoint
from nsai.workbench.claims import Claim as Claim
from nsai.workbench.claims import claim as claim
from nsai.workbench.claims import metric as metric
from nsai.workbench.display import table as table
from nsai.workbench.figures import PALETTE as PALETTE
from nsai.workbench.figures import figure as figure
from nsai.workbench.figures import subplots as subplots

__all__ = ["PALETTE", "Claim", "checkpoint", "claim", "figure", "metric", "subplots", "table"]
