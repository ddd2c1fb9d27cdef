using System.Text.RegularExpressions;
using MimeKit;

namespace Wharf.Tests.Server.Mail;

/// <summary>What a person does with a mail: opens its link, fills in the page's form, sends it.</summary>
internal static partial class Pages
{
    /// <summary>The link of a mail, below the public address that it must lead to.</summary>
    public static string LinkIn(MimeMessage message)
    {
        var link = Link().Match(message.TextBody ?? "");
        Assert.True(link.Success, message.TextBody);
        Assert.Contains(link.Value.Replace("&", "&amp;", StringComparison.Ordinal), message.HtmlBody, StringComparison.Ordinal);
        return link.Groups["path"].Value;
    }

    public static string CodeIn(MimeMessage message) => LinkIn(message).Split("code=")[1];

    public static Task<Answer> PostFormAsync(this HttpClient client, string path, params (string Name, string Value)[] fields) => client.SendAsync("POST", path,
        System.Text.Encoding.UTF8.GetBytes(string.Join('&', fields.Select(static f => $"{f.Name}={Uri.EscapeDataString(f.Value)}"))), ("Content-Type", "application/x-www-form-urlencoded"));

    [GeneratedRegex("https://registry\\.example\\.test(?<path>/[a-z]+\\?code=[A-Za-z0-9]+)", RegexOptions.None, 1000)]
    private static partial Regex Link();
}
