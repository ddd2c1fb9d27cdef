namespace Wharf.Server.Content;

/// <summary>How far back a namespace can be seen and had back, by the database's clock.</summary>
internal readonly record struct Window(Moment Now, long Seconds)
{
    public Moment Begin => new(Now.Ms - Seconds * 1000);

    /// <summary>Whether the time lies in it.</summary>
    public bool Has(Moment at) => at.Ms >= Begin.Ms && at.Ms <= Now.Ms;

    /// <summary>Why a time does not lie in it, for a person.</summary>
    public string WhyNot(Moment at) => at.Ms > Now.Ms
        ? $"{at} has not come yet; here it is {Now}."
        : $"{at} is too long ago: this namespace keeps what changes for {Seconds} s (tag_expiration_s), so the earliest time is {Begin}.";
}
