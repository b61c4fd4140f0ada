"""Tables, migrations, connections and the one writer thread under the ledger."""
