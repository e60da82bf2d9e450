"""A whole AWS on loopback, made of programs we did not write: see `Bed`."""

from tests.bed.bed import Bed
from tests.bed.rows import QueryFailed
from tests.bed.servers import ServerDown
from tests.bed.stacks import DeployFailed

__all__ = ["Bed", "DeployFailed", "QueryFailed", "ServerDown"]
