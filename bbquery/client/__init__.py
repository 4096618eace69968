"""Requests out, sessions in: the two clients."""

from .asynchronous import AsyncClient
from .blocking import Client

__all__ = ["AsyncClient", "Client"]
