using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;
using Wharf.Server.Mail;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Repositories;

/// <summary>Addresses that a repository's notifications may go to, as in Quay; but that its link asks before it allows it.</summary>
internal static class AuthorizedEmailsApi
{
    public static void Map(WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/authorizedemail/{email}", Check).Requires(Permission.Inspect).WithName("checkRepoEmailAuthorized")
            .Describe("Says whether notifications of a repository may be mailed to an address; 404 where that was not asked for.").Gives(AuthorizedEmailsJson.Default.ShownEmail).Internal();
        app.MapPost("/api/v1/repository/-/authorizedemail/{email}", Ask).Requires(Permission.Administer).WithName("sendAuthorizeRepoEmail")
            .Describe("Asks an address by mail whether notifications of a repository may go there.").Gives(AuthorizedEmailsJson.Default.ShownEmail).Internal();
        // Open: the code in the link is the credential.
        app.MapGet("/authrepoemail", Show).Requires(Permission.Open).WithName("showRepoEmail");
        app.MapPost("/authrepoemail", Confirm).Requires(Permission.Open).WithName("authorizeRepoEmail");
    }

    private static async Task<IResult> Check(HttpContext http, string email, AuthorizedEmailStore emails, MailQueue mail, CancellationToken ct) =>
        mail.Enabled && MailAddress.IsValid(email) && http.Access().Exists && await emails.FindAsync(http.Access(), email, ct) is { } found
            ? TypedResults.Json(View(http, found), AuthorizedEmailsJson.Default.ShownEmail)
            : Problem.NotFound("Nobody has asked whether notifications may go to that address.");

    private static async Task<IResult> Ask(HttpContext http, string email, AuthorizedEmailStore emails, MailQueue mail, CancellationToken ct)
    {
        if (!mail.Enabled)
            return Problem.NotFound("This registry sends no mail.");
        var access = http.Access();
        if (!access.Exists)
            return Problem.NotFound("There is no such repository.");
        if (!MailAddress.IsValid(email))
            return Problem.InvalidRequest("The e-mail address is malformed.");
        if (await emails.AskAsync(http.Caller().Principal, access, email, ct) is { } why)
            return Problem.InvalidRequest(why);
        return await emails.FindAsync(access, email, ct) is { } found ? TypedResults.Json(View(http, found), AuthorizedEmailsJson.Default.ShownEmail) : Problem.NotFound("The repository has been deleted.");
    }

    private static async Task<IResult> Show(HttpContext http, AuthorizedEmailStore emails, CancellationToken ct)
    {
        var code = http.Request.Query["code"].ToString();
        return await emails.OpenAsync(code, ct) is { } asked
            ? new HtmlPage($"Notifications of {asked.Repository}").Text($"May notifications of the repository {asked.Repository} be mailed to {asked.Email}?").Form("/authrepoemail", "Allow", [("code", code)])
            : NoSuchLink;
    }

    private static async Task<IResult> Confirm(HttpContext http, AuthorizedEmailStore emails, CancellationToken ct) =>
        await HtmlPage.ReadFormAsync(http, ct) is { } form && await emails.ConfirmAsync(form["code"].ToString(), ct)
            ? new HtmlPage("Notifications are allowed").Text("Notifications of the repository may be mailed to your address now.")
            : NoSuchLink;

    private static HtmlPage NoSuchLink => new HtmlPage("This link is no good any more", 404).Text("It was used already, is too old, or a newer mail has taken its place.");

    private static ShownEmail View(HttpContext http, AuthorizedEmail email) => new(email.Email, http.Access().Name.Name, http.Access().Name.Namespace, email.Confirmed);
}

internal sealed record ShownEmail(string Email, string Repository, string Namespace, bool Confirmed);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ShownEmail))]
internal sealed partial class AuthorizedEmailsJson : JsonSerializerContext;
