"""Files that hold personal data: encrypted before they reach storage, which is any fsspec URL (DESIGN.md 4.12).

Keys are content addresses under a folder, so storing the same bytes again changes nothing.
"""

import hashlib
import os
import re
import secrets
from datetime import datetime
from functools import cache

import fsspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from models.errors import NotFound, Permanent, Unavailable
from models.settings import settings

_UNFINISHED = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{8}")
_DEMO_KEY = b"ZGVtby1kZW1vLWRlbW8tZGVtby1kZW1vLWRlbW8tMDE="


@cache
def _cipher() -> MultiFernet:
    keys = [key.get_secret_value().encode() for key in settings().encryption_keys] or [_DEMO_KEY]
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(content: bytes) -> bytes:
    """Return Fernet ciphertext under the newest key."""
    return _cipher().encrypt(content)


def decrypt(ciphertext: bytes) -> bytes:
    """Return the clear bytes; `Permanent` where no configured key fits."""
    try:
        return _cipher().decrypt(ciphertext)
    except InvalidToken as error:
        raise Permanent(
            "no key in DSR_ENCRYPTION_KEYS opens this: put back the key it was written with"
        ) from error


def sha256(content: bytes) -> str:
    """Return the digest as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def keep(folder: str, content: bytes) -> str:
    """Encrypt and store `content`; return its key, `folder/sha256`. Repeating is harmless."""
    key = f"{folder}/{sha256(content)}"
    files, root = fsspec.url_to_fs(settings().storage)
    files.makedirs(f"{root}/{folder}", exist_ok=True)
    if not files.exists(f"{root}/{key}"):
        unfinished = f"{root}/{key}.{secrets.token_hex(4)}"
        files.pipe_file(unfinished, encrypt(content))
        _reach_disk(files, unfinished)
        files.mv(unfinished, f"{root}/{key}")
        _reach_disk(files, f"{root}/{folder}")
    return key


def _reach_disk(files: AbstractFileSystem, path: str) -> None:
    """Wait until a local file, or a folder's list of names, survives a power cut; other storage says so by itself."""
    if isinstance(files, LocalFileSystem):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def fetch(key: str) -> bytes:
    """Return the clear bytes kept under `key`; `NotFound` where they are gone, `Unavailable` where storage fails."""
    files, root = fsspec.url_to_fs(settings().storage)
    try:
        ciphertext: bytes = files.cat_file(f"{root}/{key}")
    except FileNotFoundError as error:
        raise NotFound(
            f"nothing is stored under {key}: it was purged, or DSR_STORAGE_URL points elsewhere"
        ) from error
    except Exception as error:  # each kind of storage has errors of its own
        raise Unavailable(f"the storage does not give {key} ({type(error).__name__}): check it") from error
    return decrypt(ciphertext)


def holds(key: str) -> bool:
    """Whether anything is kept under `key`."""
    files, root = fsspec.url_to_fs(settings().storage)
    return bool(files.exists(f"{root}/{key}"))


def forget_unfinished(before: datetime) -> int:
    """Delete what processes that died left half stored before then; return how many files."""
    files, root = fsspec.url_to_fs(settings().storage)
    if not files.exists(root):
        return 0
    left = [path for path in files.find(root) if _UNFINISHED.fullmatch(path.rpartition("/")[2])]
    old = [path for path in left if files.modified(path) < before]
    for path in old:
        files.rm_file(path)
    return len(old)


def forget(key: str) -> None:
    """Delete what is kept under `key`; nothing there is as good."""
    files, root = fsspec.url_to_fs(settings().storage)
    if files.exists(f"{root}/{key}"):
        files.rm_file(f"{root}/{key}")
