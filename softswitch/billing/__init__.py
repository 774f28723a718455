"""What client companies are charged: tariffs, rated calls, monthly bills, which add up to the cent."""
