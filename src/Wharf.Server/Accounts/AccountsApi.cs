using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Accounts;

/// <summary>The first user and the superuser's users, as in Quay.</summary>
internal static class AccountsApi
{
    public static void MapAccounts(this WebApplication app)
    {
        app.MapPost("/api/v1/superuser/users/", CreateUser).Requires(Permission.Superuser);
        app.MapPost("/api/v1/user/initialize", Initialize).Requires(Permission.Open);
    }

    /// <summary>A password of 160 random bits, in letters and digits that survive copying.</summary>
    public static string RandomPassword() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));

    // Quay: createInstallUser. A password may be given here, where Quay always makes a random one.
    private static async Task<IResult> CreateUser(HttpContext http, AccountStore accounts, CancellationToken ct)
    {
        var (user, problem) = await JsonBody.ReadAsync(http, AccountsJson.Default.NewUser, ct);
        if (user is null)
            return problem!;
        if (!IsEmail(user.Email))
            return Problem.InvalidRequest("The e-mail address is malformed.");
        var password = user.Password ?? RandomPassword();
        var made = await accounts.CreateAsync(user.Username, Empty(user.Email), password, superuser: false, onlyFirst: false, ct);
        return made.Problem is { } why ? Problem.InvalidRequest(why) : TypedResults.Json(new CreatedUser(user.Username, user.Email, password), AccountsJson.Default.CreatedUser);
    }

    // Quay: POST /api/v1/user/initialize, only while there is no user. access_token asks for an OAuth token.
    private static async Task<IResult> Initialize(HttpContext http, AccountStore accounts, CancellationToken ct)
    {
        var (user, problem) = await JsonBody.ReadAsync(http, AccountsJson.Default.FirstUser, ct);
        if (user is null)
            return problem!;
        if (user.AccessToken)
            return Problem.InvalidRequest("This version makes no OAuth tokens; leave out access_token and use Basic authentication.");
        if (!IsEmail(user.Email))
            return Problem.InvalidRequest("The e-mail address is malformed.");
        if (await accounts.AnyAsync(ct))
            return Problem.InvalidRequest("Cannot initialize user: there are users already.");
        var made = await accounts.CreateAsync(user.Username, Empty(user.Email), user.Password, superuser: true, onlyFirst: true, ct);
        return made.Problem is { } why ? Problem.InvalidRequest(why) : TypedResults.Json(new InitializedUser(user.Username, user.Email), AccountsJson.Default.InitializedUser);
    }

    private static bool IsEmail(string? email) => string.IsNullOrEmpty(email) || (email.Length <= 255 && email.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < email.Length - 1 && !email.Any(char.IsControl));

    private static string? Empty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

internal sealed record NewUser([property: JsonRequired] string Username, string? Email, string? Password);

internal sealed record CreatedUser(string Username, string? Email, string Password);

internal sealed record FirstUser([property: JsonRequired] string Username, [property: JsonRequired] string Password, string? Email, [property: JsonPropertyName("access_token")] bool AccessToken = false);

internal sealed record InitializedUser(string Username, string? Email);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(NewUser))]
[JsonSerializable(typeof(CreatedUser))]
[JsonSerializable(typeof(FirstUser))]
[JsonSerializable(typeof(InitializedUser))]
internal sealed partial class AccountsJson : JsonSerializerContext;
