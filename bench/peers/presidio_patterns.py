"""Presidio's pattern recognisers over texts, without a language model: `presidio_patterns.py FILE`.

FILE has one JSON text a line.
Prints seconds and findings as JSON. Its e-mail recogniser would fetch a list of suffixes; it gets none.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine


class Blank(NlpEngine):
    """Tokens only."""

    def __init__(self) -> None:
        self._nlp = spacy.blank("en")

    def load(self) -> None: ...

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        doc = self._nlp(text)
        words = [token.text for token in doc]
        return NlpArtifacts([], doc, [token.idx for token in doc], words, self, language)

    def process_batch(self, texts, language, **options):  # type: ignore[no-untyped-def]
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return ["en"]


def main() -> None:
    """Scan every line once."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    texts = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    for name in ("SpacyRecognizer", "TransformersRecognizer", "StanzaRecognizer"):
        registry.remove_recognizer(name)
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
    engine.analyze(texts[0], language="en")
    start = time.perf_counter()
    found = sum(len(engine.analyze(text, language="en")) for text in texts)
    print(json.dumps({"seconds": time.perf_counter() - start, "findings": found}))


if __name__ == "__main__":
    main()
