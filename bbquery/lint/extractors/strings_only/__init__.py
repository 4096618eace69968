"""Find queries in the strings of Go, Java, Kotlin, Ruby, PHP, C# and Rust."""
