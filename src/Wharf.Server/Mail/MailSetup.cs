using System.Text.Json;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Mail;

internal static class MailSetup
{
    /// <exception cref="CannotStartException">Mail is to be sent, and its links would lead nowhere.</exception>
    public static void AddMail(this WebApplicationBuilder builder)
    {
        var options = builder.AddSection<MailOptions>("Mail");
        builder.Services.AddSingleton<MailQueue>().AddSingleton<MailText>().AddSingleton<MailMetrics>()
            .AddSingleton(new AdminCommand("mail.test", TestAsync));
        if (!options.Enabled)
            return;
        if (builder.Services.Select(static s => s.ImplementationInstance).OfType<ServerOptions>().Single().PublicUrl is null)
            throw new CannotStartException("Mail.Server needs Server.PublicUrl: it is where the links in mails lead, such as https://registry.example.com.");
        builder.Services.AddHostedService<MailSender>();
    }

    /// <summary>Whether the settings name a mail server.</summary>
    public static bool SendsMail(this WebApplicationBuilder builder) => builder.Services.Select(static s => s.ImplementationInstance).OfType<MailOptions>().Single().Enabled;

    // Sent at once and not through the queue: whoever asks wants to know what the mail server says.
    private static async Task<AdminResult> TestAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var options = services.GetRequiredService<MailOptions>();
        var address = arguments.GetProperty("address").GetString() ?? "";
        if (!options.Enabled)
            return new AdminResult(false, "No mail is sent by this registry. Give it Mail.Server and Mail.From (docs/mail.md).");
        if (!MailAddress.IsValid(address))
            return new AdminResult(false, $"'{address}' is no address that mail can be sent to.");
        try
        {
            using var session = await SmtpSession.ConnectAsync(options, ct);
            using var message = services.GetRequiredService<MailText>().Render(new Letter("test", address, "Mail from your registry works", ["This mail was asked for by wharf mail test. Nothing is to be done."]));
            await session.SendAsync(message, ct);
            await session.EndAsync(ct);
            return new AdminResult(true, $"{options.Server} took a mail to {address}.");
        }
        catch (MailFailure failure)
        {
            return new AdminResult(false, $"The mail to {address} was not sent. {failure.Message}");
        }
    }
}
