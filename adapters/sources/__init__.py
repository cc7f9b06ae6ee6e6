"""What outside sources say of a borrower: asked within bounds, remembered for as long as their answers may be used."""
