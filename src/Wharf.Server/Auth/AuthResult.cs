namespace Wharf.Server.Auth;

/// <summary>What became of a credential: a caller, or why there is none.</summary>
/// <param name="Caller">Who calls, or null.</param>
/// <param name="Problem">What was wrong, the same for an unknown user and a wrong password.</param>
/// <param name="RetryAfterSeconds">More than 0 when the credential was not looked at because of too many wrong ones.</param>
internal readonly record struct AuthResult(Caller? Caller, string? Problem = null, int RetryAfterSeconds = 0)
{
    public static readonly AuthResult WrongPassword = Invalid("Wrong user name or password.");

    /// <summary>The password was right; only who knows it is told.</summary>
    public static readonly AuthResult Unverified = Invalid("Confirm your e-mail address first: open the link in the mail that you were sent.");

    public static readonly AuthResult PlainPassword = Invalid(
        "Passwords are not taken here as they are. Sign in to /api/v1 and ask for an encrypted one (POST /api/v1/user/clientkey), or use an app token with the user name $app.");

    public static AuthResult Invalid(string problem) => new(null, problem);

    public static AuthResult Throttled(int seconds) => new(null, $"Too many wrong passwords. Try again in {seconds} s.", seconds);
}
