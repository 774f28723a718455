"""The SIP stack: parsing, transactions, dialogs, registrar, offer/answer. Pure but for runtime/."""
