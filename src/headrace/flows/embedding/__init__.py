"""Operations on embedding runs: refused texts, and whether an embedder is still the one it was."""
