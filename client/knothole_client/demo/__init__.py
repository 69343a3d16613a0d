"""Everything on one machine with throwaway keys: the real commands, in the order in which people would run them."""
