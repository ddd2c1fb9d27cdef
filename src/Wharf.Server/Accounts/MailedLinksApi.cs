using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;
using Wharf.Server.Mail;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Accounts;

/// <summary>
/// Asking for a new password, and the pages that mailed links lead to. Quay's links act, and sign in, when they are opened; here a
/// page asks first, since mail scanners open links too, and nobody is signed in by one that may lie in many mailboxes and logs.
/// </summary>
internal static class MailedLinksApi
{
    // Counts what one address asks for, among the wrong passwords that it sends.
    private const string Asking = "\0recovery";

    public static void Map(WebApplication app)
    {
        app.MapPost("/api/v1/recovery", Ask).Requires(Permission.Anyone).WithName("requestRecoveryEmail")
            .Describe("Mails a link to set a new password, where the address has an account.", "The answer is the same whether or not there is one. 404 where the registry sends no mail.")
            .Takes(MailedLinksJson.Default.RecoveryRequest).Gives(MailedLinksJson.Default.RecoveryAnswer).Internal();
        // Open: the code in the link is the credential.
        app.MapGet("/recovery", ShowRecovery).Requires(Permission.Open).WithName("showRecovery");
        app.MapPost("/recovery", SetPassword).Requires(Permission.Open).WithName("recoverAccount");
        app.MapGet("/confirm", ShowConfirmation).Requires(Permission.Open).WithName("showConfirmation");
        app.MapPost("/confirm", Confirm).Requires(Permission.Open).WithName("confirmEmail");
    }

    private static async Task<IResult> Ask(HttpContext http, MailQueue mail, Recoveries recoveries, LoginThrottle throttle, CancellationToken ct)
    {
        if (!mail.Enabled)
            return Problem.NotFound("This registry sends no mail; ask a superuser for a new password.");
        var (body, problem) = await JsonBody.ReadAsync(http, MailedLinksJson.Default.RecoveryRequest, ct);
        if (body is null)
            return problem!;
        if (!MailAddress.IsValid(body.Email))
            return Problem.InvalidRequest("The e-mail address is malformed.");
        var address = http.Connection.RemoteIpAddress;
        if (throttle.Wait(Asking, address) is var wait and > 0)
            return new Problem(429, "too_many_login_attempts", $"Too many requests came from here. Try again in {wait} s.", wait);
        throttle.Failed(Asking, address);
        await recoveries.AskAsync(body.Email, ct);
        return TypedResults.Json(new RecoveryAnswer("sent"), MailedLinksJson.Default.RecoveryAnswer);
    }

    private static async Task<IResult> ShowRecovery(HttpContext http, MailCodes codes, CancellationToken ct)
    {
        var code = http.Request.Query["code"].ToString();
        return await codes.FindAsync(code, ct) is { Purpose: MailCodes.Recovery } found ? RecoveryPage(found, code, null) : NoSuchLink;
    }

    private static async Task<IResult> SetPassword(HttpContext http, MailCodes codes, Recoveries recoveries, CancellationToken ct)
    {
        if (await HtmlPage.ReadFormAsync(http, ct) is not { } form)
            return NoForm;
        var (code, password) = (form["code"].ToString(), form["password"].ToString());
        // Looked up before anything is hashed: that costs.
        if (await codes.FindAsync(code, ct) is not { Purpose: MailCodes.Recovery } found)
            return NoSuchLink;
        if (password != form["again"].ToString())
            return RecoveryPage(found, code, "The two passwords differ.");
        if (!PasswordHash.IsAcceptable(password))
            return RecoveryPage(found, code, "A password has at least 8 characters, and at most 1,024.");
        return await recoveries.SetPasswordAsync(found, password, ct)
            ? new HtmlPage("Your password is set").Text($"The account {found.Name} has the new password, and all of its sessions were ended. Sign in with it.")
            : NoSuchLink;
    }

    private static async Task<IResult> ShowConfirmation(HttpContext http, MailCodes codes, CancellationToken ct)
    {
        var code = http.Request.Query["code"].ToString();
        return await codes.FindAsync(code, ct) is { Purpose: MailCodes.Confirm or MailCodes.Change } found
            ? new HtmlPage("Confirm your e-mail address").Text($"{found.Email} is to be the address of the account {found.Name}.").Form("/confirm", "Confirm", [("code", code)])
            : NoSuchLink;
    }

    private static async Task<IResult> Confirm(HttpContext http, MailCodes codes, PeopleStore people, CancellationToken ct)
    {
        if (await HtmlPage.ReadFormAsync(http, ct) is not { } form)
            return NoForm;
        if (await codes.FindAsync(form["code"].ToString(), ct) is not { Purpose: MailCodes.Confirm or MailCodes.Change } found)
            return NoSuchLink;
        return await people.ConfirmAsync(found, ct) is { } why
            ? new HtmlPage("The address was not confirmed", 400).Problem(why)
            : new HtmlPage("Your e-mail address is confirmed").Text($"The account {found.Name} has the address {found.Email}. You can sign in.");
    }

    private static HtmlPage RecoveryPage(MailedCode found, string code, string? problem) => new HtmlPage("Set a new password", problem is null ? 200 : 400)
        .Text($"For the account {found.Name}. All of its sessions will be ended.").Problem(problem)
        .Form("/recovery", "Set the password", [("code", code)], new("password", "New password", "password", "new-password"), new("again", "The same again", "password", "new-password"));

    private static HtmlPage NoSuchLink => new HtmlPage("This link is no good any more", 404).Text("It was used already, is too old, or a newer mail has taken its place. Ask for another mail.");

    private static HtmlPage NoForm => new HtmlPage("That was no form of this page", 400).Text("Open the link in your mail again.");
}

/// <summary>Quay's clients may send <c>recaptcha_response</c> too; there is none here.</summary>
internal sealed record RecoveryRequest([property: JsonRequired] string Email);

internal sealed record RecoveryAnswer(string Status);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RecoveryRequest))]
[JsonSerializable(typeof(RecoveryAnswer))]
internal sealed partial class MailedLinksJson : JsonSerializerContext;
