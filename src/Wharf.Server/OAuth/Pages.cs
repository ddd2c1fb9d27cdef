using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Server.Auth;

namespace Wharf.Server.OAuth;

/// <summary>The few pages that a person sees: written here, with no script but the one that shows a token, and readable on a phone and in the dark.</summary>
internal static class Pages
{
    /// <summary>Shows the token that stands in the address behind the #, which no server sees, and takes it out of there.</summary>
    public const string Script = """
        const token = new URLSearchParams(location.hash.slice(1)).get("access_token");
        history.replaceState(null, "", location.pathname + location.search);
        document.getElementById("token").textContent = token ?? "";
        document.getElementById(token ? "there" : "missing").hidden = false;

        """;

    private const string Style = """
        :root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --line: #d0d7de; --act: #0b5cad; --warn: #9a3412; }
        @media (prefers-color-scheme: dark) { :root { --back: #14171a; --text: #e6e8ea; --line: #3a4149; --act: #79b8ff; --warn: #fdba74; } }
        body { margin: 0 auto; padding: 1.5rem 1rem; max-width: 38rem; font: 1rem/1.5 system-ui, sans-serif; background: var(--back); color: var(--text); }
        h1 { font-size: 1.4rem; line-height: 1.3; overflow-wrap: anywhere; }
        p, li, code { overflow-wrap: anywhere; }
        ul { padding-left: 1.2rem; }
        .warn { color: var(--warn); font-weight: 600; }
        .quiet { opacity: .8; }
        form { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
        button { flex: 1 1 10rem; padding: .75rem; font: inherit; font-weight: 600; border: 2px solid var(--act); border-radius: .4rem; background: var(--act); color: var(--back); cursor: pointer; }
        button.no { background: transparent; color: var(--act); }
        button:focus-visible, a:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
        a { color: var(--act); }
        pre { padding: 1rem; border: 1px solid var(--line); border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }
        """;

    private static readonly string s_styleHash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)));

    /// <summary>A page that only says something.</summary>
    public static ContentHttpResult Message(HttpContext http, int status, string title, string text) => Page(http, status, title, $"<h1>{Encode(title)}</h1>\n<p>{Encode(text)}</p>", "'none'");

    /// <summary>Asks the person for consent.</summary>
    public static ContentHttpResult Consent(HttpContext http, AuthorizationRequest request, string person, string csrf)
    {
        var (application, details) = (request.Application, request.Application.Details);
        var html = new StringBuilder();
        html.Append($"<h1>Let {Encode(details.Name)} act for you?</h1>\n<p>It is an application of the organization <strong>{Encode(application.Organization)}</strong>");
        if (details.Uri.Length > 0)
            html.Append($""", and says of itself that it lives at <a href="{Encode(details.Uri)}" rel="noopener noreferrer">{Encode(details.Uri)}</a>""");
        html.Append($". You are signed in as <strong>{Encode(person)}</strong>.</p>\n");
        if (details.Description.Length > 0)
            html.Append($"<p class=\"quiet\">{Encode(details.Description)}</p>\n");
        html.Append("<p>It will be able to:</p>\n<ul>\n");
        foreach (var scope in ScopeInformation.Of(request.Scopes))
            html.Append($"<li><strong>{Encode(scope.Title)}</strong>{(scope.Dangerous ? " <span class=\"warn\">(powerful)</span>" : "")}<br>{Encode(scope.Description)}</li>\n");
        html.Append("</ul>\n<p>").Append(request.IsLocal
            ? "The token will be shown to you."
            : $"You will be sent to <strong>{Encode(HostOf(request.RedirectUri))}</strong>. Go on only if you came from there.").Append("</p>\n<form method=\"post\" action=\"/oauth/authorizeapp\">\n");
        foreach (var (name, value) in ((string, string?)[])[
            ("client_id", application.ClientId), ("redirect_uri", request.RedirectUri), ("response_type", request.ResponseType), ("scope", ScopeText.Format(request.Scopes)), ("state", request.State),
            ("code_challenge", request.Challenge is { } challenge ? System.Buffers.Text.Base64Url.EncodeToString(challenge) : null), ("code_challenge_method", request.Challenge is null ? null : "S256"),
            ("assignment_uuid", request.Assignment), (Sessions.CsrfField, csrf)])
            if (value is not null)
                html.Append($"<input type=\"hidden\" name=\"{name}\" value=\"{Encode(value)}\">\n");
        html.Append("<button type=\"submit\">Allow</button>\n<button type=\"submit\" class=\"no\" formaction=\"/oauth/denyapp\">Refuse</button>\n</form>");
        // A browser holds the redirection that follows a form to the form's targets too.
        return Page(http, 200, $"Let {details.Name} act for you?", html.ToString(), $"'self'{(request.IsLocal ? "" : " " + SourceOf(request.RedirectUri))}");
    }

    /// <summary>Shows a token to its person.</summary>
    public static ContentHttpResult Token(HttpContext http) => Page(http, 200, "Your token", """
        <h1>Your token</h1>
        <div id="there" hidden>
        <p>It acts for you, and is shown only now: copy it to where it is needed, and tell nobody else.</p>
        <pre><code id="token"></code></pre>
        </div>
        <p id="missing" hidden>There is no token in this address. It is shown only once.</p>
        <noscript><p>The token stands in the address of this page, behind <code>access_token=</code>.</p></noscript>
        <script src="/oauth/localapp.js"></script>
        """, "'none'", "; script-src 'self'");

    private static ContentHttpResult Page(HttpContext http, int status, string title, string body, string formTargets, string more = "")
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = $"default-src 'none'; style-src 'sha256-{s_styleHash}'; base-uri 'none'; frame-ancestors 'none'; form-action {formTargets}{more}";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        return TypedResults.Content($"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{Encode(title)} - Wharf</title><style>{Style}</style></head>
            <body><main>
            {body}
            </main></body>
            </html>
            """, "text/html; charset=utf-8", null, status);
    }

    // What stands in the header comes from a parsed address, whose parts have no character that ends it.
    private static string SourceOf(string uri) => new Uri(uri) is { Scheme: "http" or "https" } web ? $"{web.Scheme}://{web.IdnHost}:{web.Port}" : new Uri(uri).Scheme + ":";

    private static string HostOf(string uri) => new Uri(uri) is { Scheme: "http" or "https" } web ? web.Authority : new Uri(uri).Scheme;

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
