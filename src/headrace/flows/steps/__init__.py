"""Operations on the LLM steps of a workspace."""
