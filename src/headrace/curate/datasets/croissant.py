"""Croissant metadata (JSON-LD): files of an export with their hashes, columns with their types."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import UsageError
from headrace.records.datasets import ExportFile

CONFORMS = "http://mlcommons.org/croissant/1.1"
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "jsonPath": "cr:jsonPath",
    "recordSet": "cr:recordSet",
    "sc": "https://schema.org/",
    "source": "cr:source",
}
_TYPES = {"text": "sc:Text", "int": "sc:Integer", "float": "sc:Float", "bool": "sc:Boolean"}
_ENCODINGS = {".parquet": "application/x-parquet", ".jsonl": "application/jsonlines"}


def describe(
    dataset: str,
    *,
    version: str,
    description: str,
    files: Sequence[ExportFile],
    columns: Mapping[str, str],
    at: str,
) -> dict[str, Any]:
    """The metadata of an export: a FileObject for each data file, a RecordSet with its Fields."""
    data = [file for file in files if Path(file.path).suffix in _ENCODINGS]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": dataset,
        "description": description or f"The dataset {dataset}.",
        "version": version,
        "datePublished": at,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file.path,
                "name": file.path,
                "contentUrl": file.path,
                "contentSize": f"{file.size_bytes} B",
                "encodingFormat": _ENCODINGS[Path(file.path).suffix],
                "sha256": file.sha256,
            }
            for file in data
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": f"rows-{number}" if number else "rows",
                "name": Path(file.path).stem,
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"rows-{number}/{name}" if number else f"rows/{name}",
                        "name": name,
                        "dataType": _TYPES.get(kind, "sc:Text"),
                        "source": {"fileObject": {"@id": file.path}, "extract": _extract(file.path, name)},
                    }
                    for name, kind in columns.items()
                ],
            }
            for number, file in enumerate(data)
        ],
    }


def data_files(path: Path) -> list[Path]:
    """The data files that metadata name, checked against their hashes. Raises UsageError."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        items = told["distribution"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{str(path)!r} is no Croissant metadata: {error}.",
            hint="Name a folder with croissant.json, or a .jsonl or .parquet file.",
        ) from error
    found = []
    for item in items:
        if str(item.get("@type", "")).rpartition(":")[2] != "FileObject":
            continue
        file = (path.parent / str(item.get("contentUrl", ""))).resolve()
        if path.parent.resolve() not in file.parents or not file.is_file():
            raise UsageError(
                f"{item.get('contentUrl')!r}, which the metadata name, is not in the folder.",
                hint="Files are read from the folder of croissant.json alone; nothing is downloaded.",
            )
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        if item.get("sha256") not in (None, sha256):
            raise UsageError(
                f"{file.name!r} is not the file that the metadata describe: its SHA-256 is {sha256}.",
                hint="Fetch it again, or correct the metadata.",
            )
        found.append(file)
    return found


def _extract(path: str, name: str) -> dict[str, str]:
    return {"jsonPath": f"$.{name}"} if path.endswith(".jsonl") else {"column": name}
