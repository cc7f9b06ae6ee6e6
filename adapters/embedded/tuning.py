"""How the embedded PostgreSQL is set: durable whatever happens, and fit for a repayment peak on two cores."""

import os
import shutil
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20
GIB: Final = 1 << 30

# What makes an acknowledged repayment survive a power cut. Not settings of Tenor; given last, nothing overrides them.
DURABLE: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

TUNED: Final = {
    "checkpoint_timeout": "30min",  # Few checkpoints at a peak: each makes every touched page go whole into the WAL.
    "checkpoint_completion_target": "0.9",
    "wal_buffers": "64MB",
    "wal_compression": "off",  # This build has pglz only, which halved pgbench on two cores (4,000 to 1,900 a second).
    "wal_level": "minimal",  # Nothing replicates from an embedded server; crash safety is the same.
    "max_wal_senders": "0",
    "max_connections": "100",
    "huge_pages": "off",
    "jit": "off",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "autovacuum": "on",
    "autovacuum_max_workers": "2",
    "autovacuum_vacuum_insert_scale_factor": "1.0",  # Events and postings only grow: no vacuum at each fifth of growth.
    "autovacuum_vacuum_cost_limit": "1000",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


def server_options(directory: Path) -> dict[str, str]:
    """Every option by name, those that depend on the machine included."""
    return {**TUNED, **_sizes(directory), **DURABLE}


def _sizes(directory: Path) -> dict[str, str]:
    """An eighth of memory for buffers and an eighth of the free disk for the WAL, both within bounds."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    buffers = max(128 * MIB, min(GIB, memory // 8))
    wal = max(GIB, min(8 * GIB, shutil.disk_usage(directory).free // 8))
    return {
        "shared_buffers": f"{buffers // MIB}MB",
        "effective_cache_size": f"{memory // 2 // MIB}MB",
        "max_wal_size": f"{wal // MIB}MB",
    }
