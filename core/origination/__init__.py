"""From application to money: products, applications, decisions, contracts, payouts. Pure, as all of core."""
