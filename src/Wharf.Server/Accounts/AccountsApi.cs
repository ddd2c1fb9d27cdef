using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Mail;
using Wharf.Server.OAuth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Accounts;

/// <summary>People: the first one, signing in, and what they do with their own account, as in Quay.</summary>
internal static class AccountsApi
{
    public static void MapAccounts(this WebApplication app)
    {
        app.MapPost("/api/v1/user/initialize", Initialize).Requires(Permission.Open).WithName("initializeUser")
            .Describe("Makes the first user of an empty registry, a superuser.").Takes(AccountsJson.Default.FirstUser).Gives(AccountsJson.Default.InitializedUser);
        ConfigApi.Map(app);
        SignInApi.Map(app);
        UserApi.Map(app);
        MailedLinksApi.Map(app);
    }

    /// <summary>A password of 160 random bits, in letters and digits that survive copying.</summary>
    public static string RandomPassword() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));

    // Quay: POST /api/v1/user/initialize, only while there is no user. access_token asks for an OAuth token.
    private static async Task<IResult> Initialize(HttpContext http, AccountStore accounts, EncryptedPasswords encrypted, ApplicationStore applications, CancellationToken ct)
    {
        var (user, problem) = await JsonBody.ReadAsync(http, AccountsJson.Default.FirstUser, ct);
        if (user is null)
            return problem!;
        var email = user.Email is { Length: > 0 } ? user.Email : null;
        if (email is not null && !MailAddress.IsValid(email))
            return Problem.InvalidRequest("The e-mail address is malformed.");
        if (await accounts.AnyAsync(ct))
            return Problem.InvalidRequest("Cannot initialize user: there are users already.");
        var made = await accounts.CreateAsync(user.Username, email, user.Password, superuser: true, onlyFirst: true, by: 0, ct);
        if (made.Problem is { } why)
            return Problem.InvalidRequest(why);
        var token = user.AccessToken && await accounts.FindAsync(made.Id, ct) is { } account ? await applications.CreateForPersonAsync(accounts.PrincipalOf(account), ct) : null;
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new InitializedUser(user.Username, user.Email, encrypted.Seal(made.Id, AccountStore.FirstCredential, user.Password), token), AccountsJson.Default.InitializedUser);
    }
}

internal sealed record FirstUser([property: JsonRequired] string Username, [property: JsonRequired] string Password, string? Email, [property: JsonPropertyName("access_token")] bool AccessToken = false);

internal sealed record InitializedUser(string Username, string? Email, [property: JsonPropertyName("encrypted_password")] string EncryptedPassword,
    [property: JsonPropertyName("access_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? AccessToken);

internal sealed record CsrfToken([property: JsonPropertyName("csrf_token")] string Token);

internal sealed record Credentials([property: JsonRequired] string Username, [property: JsonRequired] string Password);

internal sealed record ShownPassword([property: JsonRequired] string Password);

internal sealed record EncryptedPassword(string Key);

internal sealed record SignInRefusal(bool NeedsEmailVerification, bool InvalidCredentials, string Message);

internal sealed record VerifyRefusal(string Message, bool InvalidCredentials);

internal sealed record PrivateRepositories(long PrivateCount, bool PrivateAllowed);

internal sealed record Done(bool Success);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(FirstUser))]
[JsonSerializable(typeof(InitializedUser))]
[JsonSerializable(typeof(CsrfToken))]
[JsonSerializable(typeof(Credentials))]
[JsonSerializable(typeof(ShownPassword))]
[JsonSerializable(typeof(EncryptedPassword))]
[JsonSerializable(typeof(SignInRefusal))]
[JsonSerializable(typeof(VerifyRefusal))]
[JsonSerializable(typeof(PrivateRepositories))]
[JsonSerializable(typeof(Done))]
internal sealed partial class AccountsJson : JsonSerializerContext;
