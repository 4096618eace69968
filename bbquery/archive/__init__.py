"""Sessions kept for good: a folder of Parquet files, asked in the same language."""

from .archive import Archive

__all__ = ["Archive"]
