"""Which context each kind of letter is rendered with."""

from collections.abc import Mapping
from types import MappingProxyType

from models import deadline_alert, letters, replies, report
from models.letters import Context, LetterKind

CONTEXTS: Mapping[LetterKind, type[Context]] = MappingProxyType(
    {
        LetterKind.ACKNOWLEDGE: letters.Acknowledge,
        LetterKind.ASK_IDENTITY: letters.AskIdentity,
        LetterKind.DECISION_WAITING: letters.DecisionWaiting,
        LetterKind.MANUAL_TASK: letters.ManualTask,
        LetterKind.ACCESS_REPLY: letters.AccessReply,
        LetterKind.NOTHING_HELD: letters.NothingHeld,
        LetterKind.DOWNLOAD_CODE: letters.DownloadCode,
        LetterKind.NEW_LINK: letters.NewLink,
        LetterKind.RECTIFICATION_REPLY: replies.RectificationReply,
        LetterKind.ERASURE_REPLY: replies.ErasureReply,
        LetterKind.OBJECTION_REPLY: replies.ObjectionReply,
        LetterKind.PORTABILITY_REPLY: replies.PortabilityReply,
        LetterKind.RESTRICTION_REPLY: replies.RestrictionReply,
        LetterKind.RESTRICTION_ENDS: replies.RestrictionEnds,
        LetterKind.CONSENT_REPLY: replies.ConsentReply,
        LetterKind.REFUSAL: replies.RefusalLetter,
        LetterKind.NOT_A_REQUEST: replies.NotARequest,
        LetterKind.EXTENSION: replies.ExtensionLetter,
        LetterKind.WITHDRAWN: replies.Withdrawn,
        LetterKind.ASK_CHANGE: replies.AskChange,
        LetterKind.ASK_SCOPE: replies.AskScope,
        LetterKind.ASK_EVIDENCE: replies.AskEvidence,
        LetterKind.RECIPIENT_NOTICE: replies.RecipientNotice,
        LetterKind.REAPPEARED: replies.ReappearedNotice,
        LetterKind.REVIEW_DUE: replies.ReviewDue,
        LetterKind.DEADLINE_ALERT: deadline_alert.DeadlineAlert,
        LetterKind.REPORT: report.Report,
        LetterKind.TODO_NOTICE: letters.TodoNotice,
    }
)
