/* Whether a link may lead to a page of the web. */
export const safeLink = (href) => /^https?:\/\/[^/\s]/i.test(href || "") && URL.canParse(href);
