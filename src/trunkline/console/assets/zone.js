// The server spells times in the zone of the browser, which only the browser knows: it keeps it in a cookie. A page that
// was made for another zone, after a journey or in a new browser, is loaded again.
{
  const kept = `zone=${encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC")}`;
  const isKept = () => document.cookie.split("; ").includes(kept);
  if (!isKept()) {
    document.cookie = `${kept}; path=/; samesite=strict; max-age=31536000`;
    if (isKept() && !/^\/(sign-in|new-link)/.test(location.pathname)) location.reload();
  }
}
