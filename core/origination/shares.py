"""Split a payout over its funders."""

from core.money import Minor
from core.origination.product import PPB, Funding, Share


def split(amount: int, shares: tuple[Share, ...]) -> tuple[tuple[str, Minor], ...]:
    """Return what each funder gives, in whole minor units; the first one takes the residual cent. Empty: no shares."""
    if not shares:
        return ()
    others = [(share.funder, Minor(amount * share.ppb // PPB)) for share in shares[1:]]
    return ((shares[0].funder, Minor(amount - sum(part for _, part in others))), *others)


def own_part(amount: int, funding: Funding) -> Minor:
    """Return what of a payout the lender itself gives, from its pool."""
    if not funding.shares:
        return Minor(amount)
    return dict(split(amount, funding.shares)).get(funding.own, Minor(0))
