"""What every flow passes on its way, in order: the boundaries at which the fault tests kill it; and the letters it sends.

`send …` and `suspend …` are boundaries without a step. A step added to a flow and not here fails a test.
"""

_PASSED = {
    "rectification": """
        acknowledge, send acknowledge, locate, ask-identity-0, send identity-0, suspend identity-0,
        identity-settled, read-wish, preview-0, tell-change-0, suspend change-0, change-0, rectify-site_db,
        ask-rectify-0, suspend colleagues-rectify-0, tell-recipients, reply, send reply, close
    """,
    "erasure": """
        acknowledge, send acknowledge, locate, ask-identity-0, send identity-0, suspend identity-0,
        identity-settled, comes-last, draw-0, tell-plan-0, suspend plan-0, plan-0, go-0, erase-0-site_db,
        ask-erase-0, suspend colleagues-erase-0, receipts-0-billing, look-0, tell-leftover-0, suspend
        leftover-0, leftover-0, tell-recipients, suppress, reply, send reply, close
    """,
    "objection": """
        acknowledge, send acknowledge, suppress, stop, ask-stop-0, suspend colleagues-stop-0,
        read-objection, reply, send reply, close
    """,
    "objection-other": """
        acknowledge, send acknowledge, suppress, stop, ask-stop-0, suspend colleagues-stop-0,
        read-objection, locate, ask-identity-0, send identity-0, suspend identity-0, identity-settled,
        restrict, restriction, ask-restrict-0, suspend colleagues-restrict-0, tell-weighing-0, suspend
        weighing-0, weighing-0, reply, send reply, close
    """,
    "portability": """
        acknowledge, send acknowledge, locate, ask-identity-0, send identity-0, suspend identity-0,
        identity-settled, ask-colleagues, suspend colleagues-0, search-0, tell-review-0, suspend review-0,
        review-0, reply, send reply, close
    """,
    "restriction": """
        acknowledge, send acknowledge, locate, ask-identity-0, send identity-0, suspend identity-0,
        identity-settled, tell-weighing-0, suspend weighing-0, weighing-0, restrict, restriction,
        ask-restrict-0, suspend colleagues-restrict-0, tell-recipients, reply, send reply, close
    """,
    "consent_withdrawal": """
        acknowledge, send acknowledge, suppress, stop, ask-stop-0, suspend colleagues-stop-0, locate,
        ask-identity-0, send identity-0, suspend identity-0, identity-settled, comes-last, draw-0,
        tell-plan-0, suspend plan-0, plan-0, go-0, erase-0-site_db, ask-erase-0, look-0, tell-recipients, reply,
        send reply, close
    """,
    "contested": """
        acknowledge, send acknowledge, locate, ask-identity-0, send identity-0, suspend identity-0,
        identity-settled, read-wish, preview-0, tell-change-0, suspend change-0, change-0, restrict,
        restriction, ask-restrict-0, suspend colleagues-restrict-0, preview-1, tell-change-1, suspend
        change-1, change-1, ask-change-1, send ask-change-1, suspend message-1, read-wish-1, preview-2,
        tell-change-2, suspend change-2, change-2, announce-end, send restriction-ends, lift, ask-lift-0,
        suspend colleagues-lift-0, restriction-ends, rectify-site_db, ask-rectify-0, suspend
        colleagues-rectify-0, tell-recipients, reply, send reply, close
    """,
    "extended": """
        acknowledge, send acknowledge, locate, ask-identity-0, send identity-0, suspend identity-0,
        identity-settled, ask-colleagues, suspend colleagues-0, search-0, tell-review-0, suspend review-0,
        review-0, extend-0, send extension, tell-review-1, suspend review-1, review-1, tell-second-0,
        suspend second-0, second-0, reply, send reply, close
    """,
}
_LETTERS = {
    "rectification": """
        acknowledge, ask_identity, decision_waiting, manual_task, manual_task, rectification_reply
    """,
    "erasure": """
        acknowledge, ask_identity, decision_waiting, decision_waiting, erasure_reply, manual_task,
        manual_task
    """,
    "objection": """
        acknowledge, manual_task, objection_reply
    """,
    "objection-other": """
        acknowledge, ask_identity, decision_waiting, manual_task, manual_task, manual_task, objection_reply
    """,
    "portability": """
        acknowledge, ask_identity, decision_waiting, manual_task, portability_reply
    """,
    "restriction": """
        acknowledge, ask_identity, decision_waiting, manual_task, manual_task, restriction_reply
    """,
    "consent_withdrawal": """
        acknowledge, ask_identity, consent_reply, decision_waiting, manual_task
    """,
    "contested": """
        acknowledge, ask_change, ask_identity, decision_waiting, decision_waiting, decision_waiting,
        manual_task, manual_task, manual_task, manual_task, manual_task, manual_task, rectification_reply,
        restriction_ends
    """,
    "extended": """
        acknowledge, ask_identity, decision_waiting, decision_waiting, decision_waiting, decision_waiting,
        decision_waiting, decision_waiting, extension, manual_task, refusal
    """,
}


def _listed(texts: dict[str, str]) -> dict[str, list[str]]:
    return {name: [" ".join(one.split()) for one in text.split(",")] for name, text in texts.items()}


PASSED = _listed(_PASSED)
LETTERS = _listed(_LETTERS)
