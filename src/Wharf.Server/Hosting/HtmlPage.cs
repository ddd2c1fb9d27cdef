using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Server.Hosting;

/// <summary>
/// A small page of the server itself, for links that people get by mail. It runs no script, loads nothing, can be framed by nobody, and
/// tells no other site its address, which may hold a code.
/// </summary>
internal sealed class HtmlPage : IResult
{
    private const string Style = """
        :root{color-scheme:light dark}
        body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:2rem 1rem}
        h1{font-size:1.5rem;line-height:1.25}
        form{margin:1.5rem 0}
        label{display:block;margin-top:1rem;font-weight:600}
        input{font:inherit;display:block;width:100%;box-sizing:border-box;padding:.6rem;border:1px solid #767676;border-radius:.25rem;background:Field;color:FieldText}
        button{font:inherit;margin-top:1.25rem;padding:.6rem 1.2rem;min-height:2.75rem;border:1px solid transparent;border-radius:.25rem;background:#0b5cad;color:#fff;cursor:pointer}
        input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid #f5a623;outline-offset:2px}
        .problem{border-left:4px solid #c62828;padding-left:.75rem}
        """;

    private static readonly string s_policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private readonly StringBuilder _main = new();
    private readonly string _title;
    private readonly int _status;

    public HtmlPage(string title, int status = 200)
    {
        (_title, _status) = (title, status);
        _main.Append("<h1>").Append(WebUtility.HtmlEncode(title)).Append("</h1>");
    }

    public HtmlPage Text(string paragraph)
    {
        _main.Append("<p>").Append(WebUtility.HtmlEncode(paragraph)).Append("</p>");
        return this;
    }

    /// <summary>What stands against what was just tried; read out at once by screen readers.</summary>
    public HtmlPage Problem(string? what)
    {
        if (what is not null)
            _main.Append("<p class=\"problem\" role=\"alert\">").Append(WebUtility.HtmlEncode(what)).Append("</p>");
        return this;
    }

    /// <param name="hidden">What goes with it unseen.</param>
    public HtmlPage Form(string action, string button, IEnumerable<(string Name, string Value)> hidden, params Field[] fields)
    {
        _main.Append("<form method=\"post\" action=\"").Append(WebUtility.HtmlEncode(action)).Append("\">");
        foreach (var (name, value) in hidden)
            _main.Append("<input type=\"hidden\" name=\"").Append(name).Append("\" value=\"").Append(WebUtility.HtmlEncode(value)).Append("\">");
        foreach (var field in fields)
        {
            // One page may have two forms with a field of the same name.
            var id = action.Trim('/').Replace('/', '-') + "-" + button.Replace(' ', '-') + "-" + field.Name;
            _main.Append("<label for=\"").Append(id).Append("\">").Append(WebUtility.HtmlEncode(field.Label)).Append("</label><input id=\"").Append(id)
                .Append("\" name=\"").Append(field.Name).Append("\" type=\"").Append(field.Type).Append("\" autocomplete=\"").Append(field.Autocomplete).Append('"')
                .Append(field.Type == "text" ? " autocapitalize=\"none\" spellcheck=\"false\"" : "").Append(" required>");
        }
        _main.Append("<button type=\"submit\">").Append(WebUtility.HtmlEncode(button)).Append("</button></form>");
        return this;
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = _status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy = s_policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync($"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{WebUtility.HtmlEncode(_title)} - Wharf</title><style>{Style}</style></head>
            <body><main>{_main}</main></body></html>

            """, httpContext.RequestAborted);
    }

    /// <summary>Reads a form of such a page; null when what came is none.</summary>
    public static async ValueTask<IFormCollection?> ReadFormAsync(HttpContext http, CancellationToken ct)
    {
        if (!http.Request.HasFormContentType || http.Request.ContentLength is not (>= 0 and <= MaxForm))
            return null;
        try
        {
            return await http.Request.ReadFormAsync(new Microsoft.AspNetCore.Http.Features.FormOptions { ValueCountLimit = 16, KeyLengthLimit = 64, ValueLengthLimit = MaxForm }, ct);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private const int MaxForm = 16 << 10;

    /// <param name="Type">text or password.</param>
    internal sealed record Field(string Name, string Label, string Type, string Autocomplete);
}
