"""Tools of this workspace: `reads` look at outside systems, `effects` change them."""
