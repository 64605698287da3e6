"""Networks: architectures, weights, inference engines and sliding windows.

Modules that need torch say so and are imported only where they are used: analysing an exam runs
on OpenVINO and needs none.
"""

from mamri.networks.network_plan import NetworkKind, NetworkPlan

__all__ = ["NetworkKind", "NetworkPlan"]
