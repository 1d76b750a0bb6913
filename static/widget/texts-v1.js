/* Which sentence is said; the sentences of a language stand in a file of their own. */
export const loadTexts = async (language) => (await import(`./texts-${language}-v1.js`)).TEXTS;

const KINDS = {
  tenant_suspended: "suspended", origin_not_allowed: "origin", blocked_by_policy: "origin", unauthenticated: "key",
  permission_denied: "key", rate_limited: "rate", invalid_request: "invalid",
  budget_exceeded: "quota", message_quota_exceeded: "quota", cost_quota_exceeded: "quota",
  interrupted: "interrupted",
};

/* The key of the sentence for an error code of the socket. */
export const kindOf = (code) =>
  KINDS[code] || (code?.startsWith("provider") ? "provider" : "trouble");
