using System.Net;
using System.Text;
using MimeKit;
using MimeKit.Text;
using Wharf.Server.Hosting;

namespace Wharf.Server.Mail;

/// <summary>
/// What a letter looks like: plain text, and the same as simple HTML. Links lead to the address of the settings only: one that a
/// request names could be an attacker's (Host header poisoning).
/// </summary>
internal sealed class MailText(MailOptions options, ServerOptions server, TimeProvider clock)
{
    private string BaseUrl => $"{server.PublicUrl!.Scheme}://{server.PublicUrl.Authority}";

    public MimeMessage Render(Letter letter)
    {
        var message = new MimeMessage { Subject = letter.Subject, Date = clock.GetUtcNow() };
        message.From.Add(new MailboxAddress(options.FromName, options.From!));
        message.To.Add(new MailboxAddress("", letter.To));
        message.MessageId = $"{letter.Id:n}@{server.PublicUrl!.IdnHost}";
        message.Headers.Add("Auto-Submitted", "auto-generated"); // RFC 3834: no absence note in answer to it
        message.Body = new Multipart("alternative")
        {
            new TextPart(TextFormat.Plain) { Text = Plain(letter) },
            new TextPart(TextFormat.Html) { Text = Html(letter) },
        };
        return message;
    }

    private string Plain(Letter letter)
    {
        var text = new StringBuilder();
        foreach (var paragraph in letter.Paragraphs)
            text.Append(paragraph).Append("\n\n");
        if (letter.Path is not null)
            text.Append(letter.LinkText).Append(":\n").Append(BaseUrl).Append(letter.Path).Append("\n\n");
        return text.Append("-- \n").Append(BaseUrl).Append('\n').ToString();
    }

    private string Html(Letter letter)
    {
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
            .Append(WebUtility.HtmlEncode(letter.Subject)).Append("</title></head><body style=\"font-family:sans-serif\">");
        foreach (var paragraph in letter.Paragraphs)
            html.Append("<p>").Append(WebUtility.HtmlEncode(paragraph)).Append("</p>");
        if (letter.Path is not null)
            html.Append("<p><a href=\"").Append(WebUtility.HtmlEncode(BaseUrl + letter.Path)).Append("\">").Append(WebUtility.HtmlEncode(letter.LinkText)).Append("</a></p>");
        return html.Append("<p>").Append(WebUtility.HtmlEncode(BaseUrl)).Append("</p></body></html>").ToString();
    }
}
